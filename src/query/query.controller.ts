import { Controller, Get, HttpCode, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { TakesOnly } from '../common/known-parameters.js';
import {
  DescribeEvents,
  DescribeExport,
  DescribeFunnel,
  DescribeQuery,
  DescribeQueryString,
  DescribeRetention,
} from './openapi/query.openapi.js';
import { queryBody } from './query-body.middleware.js';
import { QueryService, type Asked } from './query.service.js';
import { formatOf, sendAnswer, sendParts, whileConnected } from './send-answer.js';
import type { AnswerText } from './thread/tasks.js';

type Answering = (asked: Asked) => Promise<AnswerText>;

/** The way out: one query language for figures, funnels, retention and raw events. */
@ApiTags('queries')
@Controller('analytics')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('read')
export class QueryController {
  constructor(private readonly queries: QueryService) {}

  @Post('query')
  @TakesOnly('format')
  @HttpCode(200)
  @DescribeQuery()
  query(@Req() request: Request, @Res() response: Response): Promise<void> {
    return answer(request, response, (asked) => this.queries.query(asked));
  }

  @Get('query')
  @DescribeQueryString()
  queryByString(@Req() request: Request, @Res() response: Response): Promise<void> {
    return answerString(request, response, (asked) => this.queries.query(asked));
  }

  @Post('funnel')
  @TakesOnly('format')
  @HttpCode(200)
  @DescribeFunnel()
  funnel(@Req() request: Request, @Res() response: Response): Promise<void> {
    return answer(request, response, (asked) => this.queries.funnel(asked));
  }

  @Post('retention')
  @TakesOnly('format')
  @HttpCode(200)
  @DescribeRetention()
  retention(@Req() request: Request, @Res() response: Response): Promise<void> {
    return answer(request, response, (asked) => this.queries.retention(asked));
  }

  @Get('events')
  @DescribeEvents()
  events(@Req() request: Request, @Res() response: Response): Promise<void> {
    return answerString(request, response, (asked) => this.queries.events(asked));
  }

  @Get('export')
  @DescribeExport()
  async export(@Req() request: Request, @Res() response: Response): Promise<void> {
    const query = this.queries.readExport(request.query);
    const signal = whileConnected(response);
    await sendParts(response, query.format, this.queries.export(query, signal), signal);
  }
}

async function answer(request: Request, response: Response, answering: Answering): Promise<void> {
  const format = formatOf(request);
  const signal = whileConnected(response);
  const asked = { value: queryBody(request), isShorthand: false, format, signal };
  sendAnswer(response, format, await answering(asked));
}

async function answerString(
  request: Request,
  response: Response,
  answering: Answering,
): Promise<void> {
  const format = formatOf(request);
  const signal = whileConnected(response);
  sendAnswer(
    response,
    format,
    await answering({ value: request.query, isShorthand: true, format, signal }),
  );
}
