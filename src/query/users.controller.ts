import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import {
  nodeRequest,
  searchOf,
  takeOver,
  type HttpRequest,
  type HttpResponse,
} from '../common/http.js';
import { DescribeUser, DescribeUsers } from './openapi/users.openapi.js';
import { QueryService } from './query.service.js';
import { formatOf, sendAnswer, whileConnected } from './send-answer.js';

/** Who people are, and what they did. */
@ApiTags('users')
@Controller('analytics/users')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('read')
export class UsersController {
  constructor(private readonly queries: QueryService) {}

  @Get()
  @DescribeUsers()
  async users(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    const node = nodeRequest(request);
    const answer = takeOver(response);
    const format = formatOf(node);
    const signal = whileConnected(answer);
    sendAnswer(answer, format, await this.queries.users(searchOf(node), format, signal));
  }

  @Get(':id')
  @DescribeUser()
  async user(
    @Param('id') id: string,
    @Req() request: HttpRequest,
    @Res() response: HttpResponse,
  ): Promise<void> {
    const answer = takeOver(response);
    const signal = whileConnected(answer);
    const search = searchOf(nodeRequest(request));
    sendAnswer(answer, 'json', await this.queries.user(id, search, signal));
  }
}
